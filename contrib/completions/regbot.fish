# SPDX-License-Identifier: Apache-2.0
# fish completion for regbot

complete -c regbot -f
complete -c regbot -n __fish_use_subcommand -a check -d 'Look for mistakes, run nothing'
complete -c regbot -n __fish_use_subcommand -a lua -d 'Run a script file or a line of Lua'
complete -c regbot -n __fish_use_subcommand -a once -d 'Run each script once'
complete -c regbot -n __fish_use_subcommand -a server -d 'Run the scripts on their schedules'
complete -c regbot -n __fish_use_subcommand -a version -d 'Show the version'
complete -c regbot -n __fish_use_subcommand -a completion -d 'Print a completion script'
complete -c regbot -n __fish_use_subcommand -a help -d 'Show help'
complete -c regbot -n __fish_use_subcommand -l version -d 'Show the version'
complete -c regbot -s h -l help -d 'Show help'
complete -c regbot -s v -l verbosity -x -a 'trace debug info warn error' -d 'Minimum level to log'
complete -c regbot -l logopt -x -a json -d 'Log options'
complete -c regbot -n '__fish_use_subcommand; or __fish_seen_subcommand_from check lua once server' -s c -l config -r -F -d 'Configuration file'
complete -c regbot -n '__fish_use_subcommand; or __fish_seen_subcommand_from lua once server' -l dry-run -d 'Change nothing'
complete -c regbot -n '__fish_seen_subcommand_from check once server' -l script -x -d 'Only the script of this name'
complete -c regbot -n '__fish_seen_subcommand_from lua' -F
complete -c regbot -n '__fish_seen_subcommand_from lua' -s e -l execute -x -d 'Lua code to run'
complete -c regbot -n '__fish_seen_subcommand_from lua' -l timeout -x -d 'Stop the script after that time'
complete -c regbot -n '__fish_seen_subcommand_from version' -l format -x -d 'Template for the output'
complete -c regbot -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c regbot -n '__fish_seen_subcommand_from help' -a 'check lua once server version completion'

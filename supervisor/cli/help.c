/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - the help texts, in the form of regclient's regbot. */
#include "supervisor/cli/help.h"

#define GLOBAL \
	"Global Flags:\n" \
	"      --logopt stringArray   Log options (json)\n" \
	"  -v, --verbosity string     Log level (trace, debug, info, warn, " \
	"error) (default \"INFO\")\n"

static const char general[] =
    "Run Lua scripts against container registries\n"
    "\n"
    "Usage:\n"
    "  regbot [command]\n"
    "\n"
    "Available Commands:\n"
    "  check       Look for mistakes, run nothing\n"
    "  completion  Print the completion script for a shell\n"
    "  help        Help about any command\n"
    "  lua         Run a script file or a line of Lua\n"
    "  once        Run each script once\n"
    "  server      Run the scripts on their schedules\n"
    "  version     Show the version\n"
    "\n"
    "Flags:\n"
    "  -h, --help[=true|false]    help for regbot\n"
    "      --logopt stringArray   Log options (json)\n"
    "  -v, --verbosity string     Log level (trace, debug, info, warn, "
    "error) (default \"INFO\")\n"
    "      --version              show the version\n"
    "\n"
    "Exit status: 0 when all scripts succeeded, 1 when one failed, 2 when\n"
    "the command line or the configuration is wrong or there is nothing to\n"
    "run.\n"
    "\n"
    "Use \"regbot [command] --help\" for more information about a command.\n"
    "See also the manual pages regbot(1), regbot.yml(5), regbot-lua(7),\n"
    "regbot-limits(7).\n";

static const char check[] =
    "Look for mistakes in a configuration, its scripts and their modules, and\n"
    "show when each script runs next. Nothing runs, and nothing is sent.\n"
    "\n"
    "Usage:\n"
    "  regbot check [flags]\n"
    "\n"
    "Flags:\n"
    "  -c, --config string     Config file, - for standard input\n"
    "  -h, --help[=true|false] help for check\n"
    "      --script string     Only the script of this name; may be repeated\n"
    "\n"
    "Exit status: 0 without errors, also where there are warnings; 2 where\n"
    "something is wrong.\n"
    "\n" GLOBAL;

static const char lua[] =
    "Run a script that is in no configuration, confined as any other.\n"
    "\n"
    "Usage:\n"
    "  regbot lua [flags] SCRIPT [ARG...]\n"
    "  regbot lua [flags] -e CODE [ARG...]\n"
    "\n"
    "SCRIPT is a file, or - for standard input. What the script prints goes to\n"
    "standard output; it finds the arguments in the table arg. Flags come\n"
    "before the script.\n"
    "\n"
    "Flags:\n"
    "  -c, --config string          Config file for creds and defaults, whose\n"
    "                               scripts are not run\n"
    "      --dry-run[=true|false]   Dry run, change nothing\n"
    "  -e, --execute string         Lua code to run\n"
    "  -h, --help[=true|false]      help for lua\n"
    "      --timeout duration       Stop the script after that time\n"
    "\n"
    "Exit status: 0 when the script succeeded, 1 when it failed, 2 when the\n"
    "command line or the configuration is wrong.\n"
    "\n" GLOBAL;

static const char once[] =
    "Run each script once, whatever its schedule, and end after the last.\n"
    "\n"
    "Usage:\n"
    "  regbot once [flags]\n"
    "\n"
    "Flags:\n"
    "  -c, --config string          Config file, - for standard input\n"
    "      --dry-run[=true|false]   Dry run, change nothing\n"
    "  -h, --help[=true|false]      help for once\n"
    "      --script string          Only the script of this name; may be\n"
    "                               repeated\n"
    "\n" GLOBAL;

static const char server[] =
    "Run each script on its interval or schedule until SIGINT, SIGTERM or\n"
    "SIGHUP.\n"
    "\n"
    "Usage:\n"
    "  regbot server [flags]\n"
    "\n"
    "Flags:\n"
    "  -c, --config string          Config file, - for standard input\n"
    "      --dry-run[=true|false]   Dry run, change nothing\n"
    "  -h, --help[=true|false]      help for server\n"
    "      --script string          Only the script of this name; may be\n"
    "                               repeated\n"
    "\n" GLOBAL;

static const char completion[] =
    "Print the completion script for bash, zsh or fish. To load it at once:\n"
    "\n"
    "  source <(regbot completion bash)     # the same with zsh\n"
    "  regbot completion fish | source\n"
    "\n"
    "Usage:\n"
    "  regbot completion bash|zsh|fish [flags]\n"
    "\n"
    "Flags:\n"
    "  -h, --help[=true|false]   help for completion\n"
    "\n" GLOBAL;

static const char version[] =
    "Show the version\n"
    "\n"
    "Usage:\n"
    "  regbot version [flags]\n"
    "\n"
    "Flags:\n"
    "      --format string       Format output with go template syntax\n"
    "  -h, --help[=true|false]   help for version\n"
    "\n" GLOBAL;

const char *
help_text(enum cli_command command)
{
	switch (command) {
	case CLI_CHECK:
		return check;
	case CLI_COMPLETION:
		return completion;
	case CLI_LUA:
		return lua;
	case CLI_ONCE:
		return once;
	case CLI_SERVER:
		return server;
	case CLI_VERSION:
		return version;
	case CLI_HELP:
		break;
	}
	return general;
}

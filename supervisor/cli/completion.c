/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.c - the files of contrib/completions. make writes them into
 * completions.h as strings.
 */
#include "supervisor/cli/completion.h"

#include <string.h>

#include "completions.h"

const char *
completion_text(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		return completion_bash;
	if (strcmp(shell, "zsh") == 0)
		return completion_zsh;
	if (strcmp(shell, "fish") == 0)
		return completion_fish;
	return NULL;
}

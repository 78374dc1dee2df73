/* SPDX-License-Identifier: Apache-2.0 */
/* completion.h - what "regbot completion SHELL" prints. */
#ifndef REGBOT_COMPLETION_H
#define REGBOT_COMPLETION_H

/* The completion script for bash, zsh or fish; NULL for another shell. */
const char *completion_text(const char *shell);

#endif

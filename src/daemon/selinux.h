/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * SELinux as far as labels of SAs and policies go: is it there, who is a client in its eyes, may he
 * use a label. In selinux.c by libselinux; selinux_fallback.c, of a build without that library,
 * knows of none.
 */

#include <stdbool.h>

#include "base/ext_ack.h"

/* ux_selinux_enabled - does the kernel enforce SELinux's policy, or would tell of what it forbids?
 */
bool ux_selinux_enabled(void);
/* ux_selinux_peer - the context of who has connected to the socket @fd; NULL: not to be had.
 * Returns owned, given back by ux_selinux_free. */
char *ux_selinux_peer(int fd);
void ux_selinux_free(char *context); /* NULL is fine */
/*
 * ux_selinux_may_set - association:setcontext (Linux asks it of the xfrm hooks). @who: NULL may
 * nothing. 0; -EINVAL: @label is no context; -EACCES.
 */
int ux_selinux_may_set(const char *who, const char *label) UX_MUST_CHECK;

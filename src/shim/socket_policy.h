/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Policies of a socket (IP_XFRM_POLICY, IPV6_XFRM_POLICY, and those of PF_KEY). An IKE daemon has
 * its own packets pass so. The host's kernel gets such a policy as well; but the policies of uxfrmd
 * lie behind a rule of policy routing, and what takes a packet past that is a bit of the firewall
 * mark.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* shim_is_socket_policy - is this option a policy of the socket? */
bool shim_is_socket_policy(int level, int name);
/*
 * shim_set_socket_policy - setsockopt() of such an option. EOPNOTSUPP with templates (socket_templates.h). Without a
 * value the socket's policies end.
 */
int shim_set_socket_policy(int fd, int level, int name, const void *value, socklen_t len);
/* shim_set_mark, shim_get_mark - SO_MARK without that bit, which stays as it is. */
int shim_set_mark(int fd, const void *value, socklen_t len);
int shim_get_mark(int fd, void *value, socklen_t *len);
/* shim_mark_for_policy - what uxfrmd knows a socket by that has a policy with templates: @mark in the bits of @mask, and
 * not the bit above; @mask UINT32_MAX: none any more. 0 or -errno. */
int shim_mark_for_policy(int fd, uint32_t mark, uint32_t mask);
/* The bit that such policies use, 0 until the first: for a front end that lets another process set
 * them. Only the first that is learned counts. */
uint32_t shim_bypass_bit(void);
void shim_learn_bypass_bit(uint32_t bit);

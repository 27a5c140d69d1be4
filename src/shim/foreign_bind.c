/* SPDX-License-Identifier: BSD-2-Clause */
#include "shim/foreign_bind.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <uxfrm/control.h>

#include "shim/real.h"

#define IKE_PORT 500
#define IKE_NAT_PORT 4500
#define ROUTE_GROUPS (RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)

static int option_of(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return shim_real()->getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

static void share_ike_port(int fd, const struct sockaddr *address, socklen_t len)
{
	const int one = 1;
	struct sockaddr_in in;

	if (len < sizeof(in))
		return;
	memcpy(&in, address, sizeof(in)); /* the port of sockaddr_in6 is at the same place */
	if (in.sin_port != htons(IKE_PORT) && in.sin_port != htons(IKE_NAT_PORT))
		return;
	if (option_of(fd, SO_TYPE) == SOCK_DGRAM)
		(void)shim_real()->setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
}

/* Of a message of routes that is no answer, where it says who added the route. */
#define AT_TYPE offsetof(struct nlmsghdr, nlmsg_type)
#define AT_FLAGS offsetof(struct nlmsghdr, nlmsg_flags)
#define AT_PROTOCOL (NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol))

static void hide_our_routes(int fd, const struct sockaddr *address, socklen_t len)
{
	/* Loads are big-endian, netlink is not. */
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_TYPE),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 5),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_FLAGS),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_MULTI), 3, 0),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_PROTOCOL),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UXFRM_ROUTE_PROTOCOL, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	struct sockaddr_nl name;

	if (len < sizeof(name))
		return;
	memcpy(&name, address, sizeof(name));
	if ((name.nl_groups & ROUTE_GROUPS) && option_of(fd, SO_PROTOCOL) == NETLINK_ROUTE)
		(void)shim_real()->setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
					      sizeof(program));
}

void shim_before_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	int error = errno;

	if (!address || len < sizeof(address->sa_family))
		return;
	if (address->sa_family == AF_INET || address->sa_family == AF_INET6)
		share_ike_port(fd, address, len);
	else if (address->sa_family == AF_NETLINK)
		hide_our_routes(fd, address, len);
	errno = error;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_CONTROL_H
#define UXFRM_CONTROL_H

/*
 * How a program's netlink socket, or its PF_KEY socket, reaches uxfrmd. Each such socket is
 *
 *  - a data channel: an AF_UNIX SOCK_SEQPACKET socket pair. One end is what the program holds in the
 *    place of its AF_NETLINK socket: netlink bytes, one datagram each, both ways. The other end is
 *    passed to the daemon; whoever made the pair keeps a duplicate, so that the death of the daemon is not an end
 *    of file, which netlink does not have.
 *  - a control channel: a SOCK_SEQPACKET connection to the abstract name UXFRM_CONTROL_NAME in the
 *    network namespace the socket belongs to. It carries struct uxfrm_control_msg: one request, one
 *    answer, and a PROCESSED message from the daemon for each datagram of the data channel that it has
 *    processed completely (replies and events queued), by which send() becomes synchronous.
 *
 * The daemon takes the peer's identity and its right to CAP_NET_ADMIN from the control channel's
 * SO_PEERCRED, never from a message. The client accepts only a server whose SO_PEERCRED uid is 0 or
 * its own effective uid. The data channel ends when the program's end is closed; closing the control channel ends both,
 * but for PF_KEY: such a socket may be passed to another process, which then uses the data channel alone. Its
 * program's end is bound to an abstract name that begins with UXFRM_PFKEY_NAME, by which that process knows it;
 * a request leaves the socket (SIOCOUTQ) when it is processed.
 *
 * Bundle: when a client asks for it by UXFRM_CONTROL_BUNDLES in OPEN, the datagrams that one datagram of
 * its causes may come in one: struct uxfrm_bundle, then each with its length before it. They are
 * answers and events, whole, in their order; a PROCESSED that follows counts the bundles.
 *
 * Overrun: where netlink would fail a recv() with ENOBUFS, the daemon sends a bare 16-byte nlmsghdr of type
 * NLMSG_OVERRUN on the data channel.
 */

#include <stdint.h>

/* rtm_protocol of the routes that uxfrmd makes (`ip route show proto 201`); a free number in rt_protos. */
#define UXFRM_ROUTE_PROTOCOL 201

/* Abstract socket name: a zero byte, then these characters, no trailing zero. */
#define UXFRM_CONTROL_NAME "uxfrm"
#define UXFRM_CONTROL_MAGIC 0x6d726678u
#define UXFRM_CONTROL_VERSION 1

enum uxfrm_control_op {
	UXFRM_CONTROL_OPEN = 1,	  /* SCM_RIGHTS: daemon's data end. value[0]: port id wanted, 0 = any;
				     value[1]: UXFRM_CONTROL_BUNDLES, UXFRM_CONTROL_PFKEY or 0.
				     answer: value[0] = port id */
	UXFRM_CONTROL_BIND,	  /* value[0]: port id or 0 = keep; value[1]: group mask (PF_KEY: as
				     uxfrm_pfkey_set_listening). answer: value[0] */
	UXFRM_CONTROL_OPTION,	  /* SOL_NETLINK: value[0] = option, value[1] = its value; or the
				     option UXFRM_OPTION_BUNDLES: 0 = no more of them */
	UXFRM_CONTROL_STATUS,	  /* no OPEN needed. answer: followed by JSON text in the same datagram */
	UXFRM_CONTROL_PROCESSED,  /* from the daemon only. value[0]: how many; value[1]: bundles
				     sent meanwhile; result: what the last send() fails with (PF_KEY) */
	UXFRM_CONTROL_FWMARK,	  /* no OPEN needed. answer: value[0] = the bit of the firewall mark that
				     takes a packet past the policies; 0: the daemon carries no packets */
	/* No OPEN needed; EPERM without CAP_NET_ADMIN. A refusal may be followed by a text in the same
	 * datagram; EOPNOTSUPP is that of a daemon without ports. */
	UXFRM_CONTROL_LINK_ADD,	   /* followed by a struct uxfrm_control_link in the same datagram */
	UXFRM_CONTROL_LINK_DELETE, /* likewise; of it the name counts */
	UXFRM_CONTROL_LINK_LIST,   /* answer: followed by a struct uxfrm_control_link for each */
	/* Likewise, but for asking alone without rights; followed by a struct uxfrm_control_workers. answer: the same, as it
	 * is then */
	UXFRM_CONTROL_WORKERS,
	/* No OPEN needed; EPERM without CAP_NET_ADMIN, EOPNOTSUPP of a daemon without ports. Followed by a struct
	 * uxfrm_control_socket_policy in the same datagram. The policy of one socket and one direction, in the place of the one
	 * before, until the connection ends. answer: value[0] = the firewall mark, in the bits of value[1], that the
	 * socket's packets have to carry; ENOSPC: there are too many already; EEXIST: another's
	 * policy has this selector */
	UXFRM_CONTROL_SOCKET_POLICY,
};

struct uxfrm_control_msg {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t value[2];
	int32_t result; /* answers: 0 or -errno (EADDRINUSE, ENOPROTOOPT, EPROTO, ...) */
	uint32_t reserved;
};

/* A TUN device of the daemon's that stands for an if_id. Texts end with a zero. */
struct uxfrm_control_link {
	char name[16];
	char underlay[16]; /* the device that its SAs' packets leave by; "" = any */
	uint32_t if_id;
	uint32_t reserved;
};

/* Threads that carry packets. */
struct uxfrm_control_workers {
	uint32_t count; /* 0: as many as there are */
	uint32_t reserved;
};

/* As the values of IP_XFRM_POLICY and IPV6_XFRM_POLICY. */
#define UXFRM_CONTROL_TEMPLATES 6
struct uxfrm_control_socket_policy {
	uint8_t info[168]; /* struct xfrm_userpolicy_info */
	uint8_t templates[UXFRM_CONTROL_TEMPLATES][64]; /* struct xfrm_user_tmpl */
	uint32_t n_templates;
	uint32_t remove; /* 1: the one there is of this direction goes */
};

#define UXFRM_CONTROL_BUNDLES 1u
/* The socket is one of PF_KEY v2, which has no port id, options or overrun. EPERM without CAP_NET_ADMIN. */
#define UXFRM_CONTROL_PFKEY 2u
#define UXFRM_PFKEY_NAME "uxfrm-pfkey-" /* and anything that makes it unique */
#define UXFRM_OPTION_BUNDLES 0x1000u /* no number of SOL_NETLINK's */

/* Looks like a netlink header, so that it cannot be taken for a message. */
struct uxfrm_bundle {
	uint32_t length;     /* of the whole datagram */
	uint16_t type;	     /* UXFRM_BUNDLE_TYPE, which netlink does not use */
	uint16_t n_parts;    /* each: its length in 4 bytes, then itself, padded to 4 bytes */
	uint32_t serial;     /* another for each bundle of a channel */
	uint32_t reserved;
};
#define UXFRM_BUNDLE_TYPE 15
#define UXFRM_BUNDLE_MAX 65536 /* bytes of a bundle at most */

#define UXFRM_CONTROL_STATUS_MAX 65536 /* bytes of JSON at most */

#endif

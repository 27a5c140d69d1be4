/* SPDX-License-Identifier: BSD-2-Clause */

/* Raw ICMP sockets that let only the errors in question through. */

#include "io/path_errors.h"

#include <errno.h>
#include <netinet/in.h> /* before the kernel's */
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"

static int filter4(int fd)
{
	/* From the IP header on: type 3, code 4. */
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_DEST_UNREACH << 8 | ICMP_FRAG_NEEDED, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

static int filter6(int fd)
{
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

static int open_one(int family, int *ret_fd)
{
	const int on = 1;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (fd < 0)
		return -errno;
	if ((family == AF_INET ? filter4(fd) : filter6(fd)) < 0 ||
	    setsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		       family == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO, &on, sizeof(on)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int ux_path_errors_open(struct ux_path_errors *errors)
{
	int err;

	errors->fd[0] = errors->fd[1] = -1;
	err = open_one(AF_INET, &errors->fd[0]);
	if (err)
		return err;
	err = open_one(AF_INET6, &errors->fd[1]);
	if (!err || err == -EAFNOSUPPORT)
		return 0;
	ux_path_errors_close(errors);
	return err;
}

void ux_path_errors_close(struct ux_path_errors *errors)
{
	for (int i = 0; i < 2; i++) {
		if (errors->fd[i] >= 0)
			close(errors->fd[i]);
		errors->fd[i] = -1;
	}
}

/* IPv4: from the error's own header on; IPv6: from the ICMPv6 header on. */
static bool parse(struct ux_path_error *e, const uint8_t *at, size_t len)
{
	const size_t outer = e->family == AF_INET && len ? (at[0] & 15u) * 4u : 0;
	const size_t quoted = outer + 8;

	*e = (struct ux_path_error){.family = e->family, .ifindex = e->ifindex};
	if (e->family == AF_INET) {
		if (len < quoted + 20)
			return false;
		e->mtu = ux_get_be16(at + outer + 6);
		e->proto = at[quoted + 9];
		memcpy(&e->to, at + quoted + 16, 4);
		return true;
	}
	if (len < quoted + 40)
		return false;
	e->mtu = ux_get_be32(at + 4);
	e->proto = at[quoted + 6];
	memcpy(&e->to, at + quoted + 24, 16);
	return true;
}

static int read_ifindex(struct msghdr *m)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
		if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(cm), sizeof(info));
			return info.ipi_ifindex;
		}
		if (cm->cmsg_level == IPPROTO_IPV6 && cm->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(cm), sizeof(info));
			return (int)info.ipi6_ifindex;
		}
	}
	return 0;
}

static bool read_one(int fd, uint16_t family, ux_path_error_call each, void *opaque)
{
	_Alignas(struct cmsghdr) char control[128];
	uint8_t start[128];
	struct iovec iov = {start, sizeof(start)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(fd, &m, 0);
	struct ux_path_error error = {.family = family};

	if (len <= 0)
		return false;
	error.ifindex = read_ifindex(&m);
	if (each && parse(&error, start, (size_t)len))
		each(opaque, &error);
	return true;
}

bool ux_path_errors_read(struct ux_path_errors *errors, ux_path_error_call each, void *opaque)
{
	bool any = false;

	for (int i = 0; i < 2; i++) {
		while (errors->fd[i] >= 0 &&
		       read_one(errors->fd[i], i ? AF_INET6 : AF_INET, each, opaque))
			any = true;
	}
	return any;
}

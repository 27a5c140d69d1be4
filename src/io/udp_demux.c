/* SPDX-License-Identifier: BSD-2-Clause */

/* The classic BPF program of a port shared with IKE. */

#include "io/udp_demux.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>

#define ESP_SOCKET 1

int ux_demux_attach(int fd, enum ux_demux_ike ike)
{
	/* The program sees the UDP payload. RFC 3948 section 2.2: a zero word marks IKE. Less than
	 * a word is a keepalive (section 2.3) and ours. */
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 4, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, (uint32_t)ike), BPF_STMT(BPF_RET | BPF_K, ESP_SOCKET),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) < 0
		   ? -errno
		   : 0;
}

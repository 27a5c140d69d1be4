/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A chain of comparisons of the system call's number, each with a jump to one of the questions
 * behind it. For numbers without a question the kernel remembers that they pass, and asks no
 * more.
 */

#include "supervise/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ipsec.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define OWN_ARCH AUDIT_ARCH_RISCV64
#else
#define OWN_ARCH 0 /* no program's: all pass */
#endif

#define RANGE_FIRST 768
#define RANGE_END 1024 /* FD_SETSIZE: select() has no higher numbers */
#define PROGRAM_MAX 256

enum question { Q_SOCKET, Q_DESCRIPTOR, Q_OPTION, Q_COPY, Q_NONE, Q_COUNT };

static const struct {
	int nr;
	enum question question;
} told[] = {
    {__NR_read, Q_DESCRIPTOR},
    {__NR_write, Q_DESCRIPTOR},
    {__NR_readv, Q_DESCRIPTOR},
    {__NR_writev, Q_DESCRIPTOR},
    {__NR_sendto, Q_DESCRIPTOR},
    {__NR_recvfrom, Q_DESCRIPTOR},
    {__NR_sendmsg, Q_DESCRIPTOR},
    {__NR_recvmsg, Q_DESCRIPTOR},
    {__NR_sendmmsg, Q_DESCRIPTOR},
    {__NR_recvmmsg, Q_DESCRIPTOR},
    {__NR_connect, Q_DESCRIPTOR},
    {__NR_listen, Q_DESCRIPTOR},
    {__NR_shutdown, Q_DESCRIPTOR},
    {__NR_getsockname, Q_DESCRIPTOR},
    {__NR_getpeername, Q_DESCRIPTOR},
    {__NR_dup, Q_DESCRIPTOR},
#ifdef __NR_dup2
    {__NR_dup2, Q_DESCRIPTOR},
#endif
    {__NR_dup3, Q_DESCRIPTOR},
    {__NR_fcntl, Q_COPY},
    {__NR_setsockopt, Q_OPTION},
    {__NR_getsockopt, Q_OPTION},
    {__NR_socket, Q_SOCKET},
    {__NR_bind, Q_NONE}, /* IKE ports are shared, whatever the socket's number */
};

/* Options of any socket. */
static const struct {
	uint32_t level, name;
} options[] = {
    {SOL_SOCKET, SO_MARK},	     {IPPROTO_IP, IP_IPSEC_POLICY},
    {IPPROTO_IP, IP_XFRM_POLICY},    {IPPROTO_IPV6, IPV6_IPSEC_POLICY},
    {IPPROTO_IPV6, IPV6_XFRM_POLICY},
};

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short n;
	unsigned short at[Q_COUNT]; /* where each question begins */
	enum question jumps[PROGRAM_MAX];
};

static void add(struct program *p, struct sock_filter instruction)
{
	if (p->n < PROGRAM_MAX)
		p->code[p->n++] = instruction;
}

static void load(struct program *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* The lower half: what an int is to the kernel. */
static void load_argument(struct program *p, unsigned int i)
{
	size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : sizeof(uint32_t);

	load(p, offsetof(struct seccomp_data, args) + i * sizeof(uint64_t) + low);
}

/* The next instruction is taken when equal, else the @otherwise behind it are passed over. */
static void when_equal(struct program *p, uint32_t value, uint8_t otherwise)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise));
}

static void tell(struct program *p)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
}

static void pass(struct program *p)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static void tell_of(struct program *p, int nr, enum question question)
{
	when_equal(p, (uint32_t)nr, 1);
	p->jumps[p->n] = question;
	add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
}

static void settle_jumps(struct program *p)
{
	for (unsigned short i = 0; i < p->n; i++)
		if (p->code[i].code == (BPF_JMP | BPF_JA))
			p->code[i].k = (uint32_t)(p->at[p->jumps[i]] - i - 1);
}

/* Argument 0 in the range: told. Else it goes on behind this. */
static void tell_of_range(struct program *p, const struct ux_filter *filter)
{
	load_argument(p, 0);
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)filter->first, 0,
					    2));
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)filter->last, 1,
					    0));
	tell(p);
}

static void ask_of_socket(struct program *p)
{
	p->at[Q_SOCKET] = p->n;
	load_argument(p, 0);
	when_equal(p, AF_KEY, 1);
	tell(p);
	when_equal(p, AF_NETLINK, 3);
	load_argument(p, 2);
	when_equal(p, NETLINK_XFRM, 1);
	tell(p);
	pass(p);
}

static void ask_of_option(struct program *p, const struct ux_filter *filter)
{
	p->at[Q_OPTION] = p->n;
	tell_of_range(p, filter);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		load_argument(p, 1);
		when_equal(p, options[i].level, 3);
		load_argument(p, 2);
		when_equal(p, options[i].name, 1);
		tell(p);
	}
	pass(p);
}

static void ask_of_copy(struct program *p)
{
	p->at[Q_COPY] = p->n;
	load_argument(p, 1);
	when_equal(p, F_DUPFD, 1);
	p->jumps[p->n] = Q_DESCRIPTOR;
	add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	when_equal(p, F_DUPFD_CLOEXEC, 1);
	p->jumps[p->n] = Q_DESCRIPTOR;
	add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	pass(p);
}

static void build(struct program *p, const struct ux_filter *filter)
{
	load(p, offsetof(struct seccomp_data, arch));
	/* programs of another kind, such as those of 32 bits, are not told of */
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0));
	pass(p);
	load(p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		tell_of(p, told[i].nr, told[i].question);
	if (filter->tells_of_uname)
		tell_of(p, __NR_uname, Q_NONE);
	pass(p);
	ask_of_copy(p);
	p->at[Q_DESCRIPTOR] = p->n;
	tell_of_range(p, filter);
	pass(p);
	ask_of_option(p, filter);
	ask_of_socket(p);
	p->at[Q_NONE] = p->n;
	tell(p);
	settle_jumps(p);
}

void ux_filter_choose(struct ux_filter *filter)
{
	struct rlimit limit;
	int end = RANGE_END;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < RANGE_END)
		end = (int)limit.rlim_cur;
	filter->first = end < RANGE_END ? end / 2 : RANGE_FIRST;
	filter->last = end - 1;
}

int ux_filter_install(const struct ux_filter *filter)
{
	struct program program = {.n = 0};

	build(&program, filter);
	const struct sock_fprog prog = {.len = program.n, .filter = program.code};

	for (int attempt = 0;; attempt++) {
		int fd = (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
				      SECCOMP_FILTER_FLAG_NEW_LISTENER |
					  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
				      &prog);

		if (fd >= 0)
			return fd;
		if (errno != EACCES || attempt)
			return -errno;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return -errno;
	}
}

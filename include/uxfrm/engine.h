/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_ENGINE_H
#define UXFRM_ENGINE_H

/*
 * One XFRM instance: SA database, policy database and their control protocol, like one network
 * namespace of the kernel. No sockets, no threads, no clock of its own: the caller brings netlink
 * bytes, the time and the packets (<uxfrm/packet.h>).
 *
 * All calls of this header for one engine come from one thread at a time (the control thread).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uxfrm;
struct uxfrm_client;
struct uxfrm_pfkey;

struct uxfrm_params {
	size_t size;		 /* sizeof(struct uxfrm_params) */
	uint64_t now_ns;	 /* monotonic clock, nanoseconds, at creation */
	uint64_t real_s;	 /* seconds since 1970, at creation */
	uint32_t grace_ms;	 /* inbound SAs stay reachable by their old tuple this long; 0 = off */
	uint32_t max_sa;	 /* at most so many SAs; 0 = no limit */
	uint32_t max_policy;	 /* at most so many policies; 0 = no limit */
	bool strict_templates;	 /* true: a migrated SA leaves the policies that used it, as in Linux */
	/*
	 * Keep the security labels of SAs and policies, return them, and let a policy use only the SAs of its label, as
	 * Linux does with SELinux. False: they are accepted and forgotten, as Linux does without.
	 */
	bool labels;
	/*
	 * What a client deletes is remembered this long; 0 = not at all, as in Linux. An SA that is installed again
	 * meanwhile, with its counters, goes on where it was; packets for it, or for a policy that was deleted or
	 * blocked, wait (UXFRM_HOLD) when their caller allows it.
	 */
	uint32_t hold_ms;
	/*
	 * True, as in Linux by default: a packet whose policy misses an SA is dropped while that is being negotiated.
	 * False: it may wait (UXFRM_HOLD) as long as the larval SA lives.
	 */
	bool larval_drop;
	/*
	 * So many flows each worker remembers at most, each way (about 400 bytes for a flow, once it is there); what it
	 * forgets is only looked up again. 0: none.
	 */
	uint32_t max_flows;
	uint32_t acq_expires_s;	 /* life of an SA without keys, from ALLOCSPI or ACQUIRE */
	/*
	 * wake - a packet has caused something that uxfrm_tick must do: call it soon. Called from workers, in the
	 * packet calls of <uxfrm/packet.h>, and not again until uxfrm_tick was called; must not block or call the
	 * engine. May be NULL: uxfrm_tick must then be called now and then.
	 */
	void (*wake)(void *opaque);
	void *wake_opaque;
	uint32_t max_acquire;	 /* at most so many larval SAs that packets have made; 0 = no limit */
};

/* uxfrm_params_init - the defaults: grace 2000 ms, nothing held, no limits but 4096 larval SAs by packets, policies follow a
 * migrated SA, 30 s for larval SAs, whose packets are dropped. */
void uxfrm_params_init(struct uxfrm_params *params);

/* uxfrm_new - 0 or -errno (EINVAL: unknown size; ENOMEM). Returns owned. */
int uxfrm_new(const struct uxfrm_params *params, struct uxfrm **ret_engine);
/* uxfrm_free - all workers and clients must be gone. Accepts NULL; returns NULL. */
struct uxfrm *uxfrm_free(struct uxfrm *u);

/* uxfrm_time - the time is now. From here on it counts for what clients ask; what is due waits for uxfrm_tick. */
void uxfrm_time(struct uxfrm *u, uint64_t now_ns, uint64_t real_s);

/*
 * uxfrm_tick - the time is now; do what is due (grace ends, larval SAs time out), and what packets have caused
 * (limits of SAs, ACQUIRE, and the other events).
 * Returns the monotonic time of the next thing to do in nanoseconds, UINT64_MAX if there is none.
 */
uint64_t uxfrm_tick(struct uxfrm *u, uint64_t now_ns, uint64_t real_s);

/* Local addresses decide between the in and the fwd policies. @family AF_INET or AF_INET6, @address
 * 4 or 16 bytes. 0, -ENOMEM or -EINVAL; adding twice and removing what is not there are no errors. */
int uxfrm_local_address_add(struct uxfrm *u, int family, const void *address);
int uxfrm_local_address_remove(struct uxfrm *u, int family, const void *address);

/*
 * An interface of the host that has an if_id: what is sent to it goes to uxfrm_outbound with that if_id,
 * what comes by an SA that has it comes out of uxfrm_inbound with it. 0; -EEXIST, -ENOENT, -EINVAL for 0,
 * -ENOMEM.
 */
int uxfrm_interface_add(struct uxfrm *u, uint32_t if_id);
int uxfrm_interface_remove(struct uxfrm *u, uint32_t if_id);

/*
 * uxfrm_client_ops - where a client's datagrams go. One call is one datagram, as one recv() on a
 * netlink socket would give it.
 * @deliver: @group is 0 for replies, the number of the multicast group (1..32) for events.
 *	Returns 0, or -ENOBUFS when there is no room. A refused event is lost and the client is
 *	told so by @overrun; a refused piece of a dump is sent again by uxfrm_client_resume.
 * @overrun: events were lost. May be NULL.
 * @label: may this client give @label to an SA or a policy, take away what has it, or move an SA that has it? 0; -EACCES;
 *	-EINVAL when that is no label. Asked only if the engine keeps labels. NULL: whatever it says.
 */
struct uxfrm_client_ops {
	int (*deliver)(void *opaque, const void *datagram, size_t len, uint32_t group);
	void (*overrun)(void *opaque);
	int (*label)(void *opaque, const char *label);
};

/*
 * uxfrm_client_open - a new netlink socket of a client.
 * @port_id: its netlink port id (nl_pid), not 0.
 * @privileged: holds CAP_NET_ADMIN; without it every request is answered with EPERM.
 */
int uxfrm_client_open(struct uxfrm *u, uint32_t port_id, bool privileged,
		      const struct uxfrm_client_ops *ops, void *opaque,
		      struct uxfrm_client **ret_client);
struct uxfrm_client *uxfrm_client_close(struct uxfrm_client *client); /* accepts NULL, returns NULL */
void uxfrm_client_set_port_id(struct uxfrm_client *client, uint32_t port_id);

/* uxfrm_client_set_of_sockets - from here on its policies are those of programs' sockets: flushing the SPD leaves them, as
 * in Linux. */
void uxfrm_client_set_of_sockets(struct uxfrm_client *client);
/* uxfrm_client_set_groups - subscribe to exactly the groups of @mask (bit n-1 = group n). */
void uxfrm_client_set_groups(struct uxfrm_client *client, uint32_t mask);
uint32_t uxfrm_client_groups(const struct uxfrm_client *client);

/* uxfrm_client_set_option - SOL_NETLINK options NETLINK_EXT_ACK, NETLINK_CAP_ACK,
 * NETLINK_GET_STRICT_CHK, and NETLINK_LISTEN_ALL_NSID, which changes nothing: the events of an engine are
 * those of a socket's own namespace, which come without a number. Who may ask for it (CAP_NET_BROADCAST) is
 * for the caller to say. 0 or -ENOPROTOOPT. */
int uxfrm_client_set_option(struct uxfrm_client *client, int option, int value);

/*
 * uxfrm_client_request - process one datagram as the kernel's netlink would, all of it, before
 * returning; replies and events go out through the ops of the clients concerned.
 * @datagram: borrowed, any content and length; needs no alignment. Must not change until the return:
 * not memory that another process can write to.
 */
void uxfrm_client_request(struct uxfrm_client *client, const void *datagram, size_t len);

/* uxfrm_client_resume - go on with a dump after a deliver that was refused. Returns true while a dump is open. */
bool uxfrm_client_resume(struct uxfrm_client *client);

/*
 * PF_KEY v2 sockets on the same databases: a change over one protocol is an event of both.
 *
 * uxfrm_pfkey_open - a new socket, of a client that holds CAP_NET_ADMIN; others get none. Messages go out
 * through ops->deliver, one for each recv(), @group 0 for replies and 1 for what others have caused; what is
 * refused is lost, a dump excepted. ops->overrun is not used: PF_KEY tells nobody of a loss. 0, -EINVAL, -ENOMEM.
 */
int uxfrm_pfkey_open(struct uxfrm *u, const struct uxfrm_client_ops *ops, void *opaque,
		     struct uxfrm_pfkey **ret_client);
struct uxfrm_pfkey *uxfrm_pfkey_close(struct uxfrm_pfkey *client); /* accepts NULL, returns NULL */
/*
 * uxfrm_pfkey_request - process one datagram as the kernel would, all of it, before returning. @datagram as in
 * uxfrm_client_request. Returns 0, or the error the send() fails with: -EMSGSIZE and -EINVAL when this is no
 * message of PF_KEY v2, -ENOBUFS without memory. All other errors are messages to the client.
 */
int uxfrm_pfkey_request(struct uxfrm_pfkey *client, const void *datagram, size_t len);
/*
 * uxfrm_pfkey_set_listening - hear what a socket hears that has sent these requests; nothing is answered. @mask: bit n
 * a REGISTER of the SA type n, bit 0 a PROMISC that turns the mode on.
 */
void uxfrm_pfkey_set_listening(struct uxfrm_pfkey *client, uint32_t mask);
/* uxfrm_pfkey_resume - go on with a dump after a deliver that was refused. Returns true while one is open. */
bool uxfrm_pfkey_resume(struct uxfrm_pfkey *client);

/*
 * Policies, so that the owner of the engine can steer their traffic to it. Called on the control thread for each
 * policy that appears or goes, replacement being both; and for a default policy that blocks, which covers everything.
 * @family: AF_INET or AF_INET6. @destination, @source: 4 or 16 bytes, with prefix lengths in bits.
 */
enum { UXFRM_WATCH_IN = 0, UXFRM_WATCH_OUT = 1, UXFRM_WATCH_FWD = 2 };
struct uxfrm_policy_event {
	bool added;
	uint8_t dir; /* UXFRM_WATCH_* */
	int family;
	const void *destination, *source;
	uint8_t destination_bits, source_bits;
	bool protects; /* has templates or blocks; false: a plain allow policy */
	uint32_t if_id; /* for packets of this interface only; 0 = of none */
	int32_t ifindex; /* for packets by this interface only; 0 = by any */
	bool icmp; /* also for errors about packets the other way (XFRM_POLICY_ICMP) */
	uint8_t proto; /* 0 = any */
	uint16_t sport, sport_mask, dport, dport_mask; /* network order */
	bool marked;	/* has a mark, for packets that fit it: */
	uint32_t mark, mark_mask;
};
/* Inbound UDP-encapsulated SAs, so that the owner can open the port. @port: host byte order. */
struct uxfrm_encap_event {
	bool added;
	int family;
	uint16_t port;
};
/*
 * A NAT must see a packet now: a UDP datagram from @source to @destination (4 or 16 bytes; ports in network order)
 * with the one byte 0xff, to be sent with the mark @mark as packets of UXFRM_UNDERLAY are.
 */
struct uxfrm_keepalive_event {
	int family;
	const void *source, *destination;
	uint16_t sport, dport;
	uint32_t mark;
};
struct uxfrm_watch_ops {
	void (*policy)(void *opaque, const struct uxfrm_policy_event *event); /* outbound ones */
	void (*inbound)(void *opaque, const struct uxfrm_policy_event *event); /* the others */
	void (*encap)(void *opaque, const struct uxfrm_encap_event *event);
	/* plain_tunnel - from now on (@added), or no longer, inbound packets of @family that carry an IP packet
	 * and nothing else (protocols 4 and 41) are the engine's too: some IPComp SA in tunnel mode exists. */
	void (*plain_tunnel)(void *opaque, int family, bool added);
	void (*keepalive)(void *opaque, const struct uxfrm_keepalive_event *event);
	/* flushed - a client has removed all policies of type main, also where there were none. */
	void (*flushed)(void *opaque);
	/* marked - from now on (@added), or no longer, an SA that takes inbound packets looks at their mark: one call
	 * for each tuple by which it can be reached. @spi: network byte order. */
	void (*marked)(void *opaque, bool added, uint32_t spi);
};
void uxfrm_watch(struct uxfrm *u, const struct uxfrm_watch_ops *ops, void *opaque);

/* Sizes of the databases, for supervision. */
struct uxfrm_counts {
	uint32_t sa, sa_grace; /* SAs; former tuples still reachable */
	uint32_t policy[3];    /* in, out, fwd */
};
void uxfrm_counts_get(const struct uxfrm *u, struct uxfrm_counts *ret_counts);

#ifdef __cplusplus
}
#endif
#endif

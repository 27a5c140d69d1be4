/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The emulated sockets, and what the kernel would remember about each. Storage is static: nothing
 * is allocated.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SHIM_FD_MAX 65536    /* an emulated socket's number is below this */
#define SHIM_SOCKET_MAX 1024 /* emulated sockets at a time */

struct shim_socket {
	pthread_mutex_t lock; /* sending, and everything below it */
	atomic_int refs;      /* file descriptors that name it; 0 = free */
	/* guarded by lock */
	int peer;	    /* the daemon's end of the data channel, kept open here; hidden */
	atomic_int control; /* control channel; hidden; -1 = lost */
	dev_t net_dev;	    /* identity of the network namespace it belongs to */
	ino_t net_ino;
	bool opened;		  /* OPEN was answered by the daemon of the control channel */
	bool bound;		  /* has a port id, as after netlink's bind or autobind */
	bool shared;		  /* a fork happened: the control channel's answers are shared */
	uint32_t port_id;
	atomic_uint groups; /* PF_KEY: what it listens to (REGISTER, PROMISC) */
	uint32_t peer_port_id, peer_groups; /* by connect() */
	uint32_t unprocessed;		    /* datagrams sent that the daemon has not reported */
	bool bundling;			    /* the daemon was asked for bundles (shim/bundle.h) */
	bool uncertain;			    /* there may be bundles that it could not tell of */
	int type;			    /* SOCK_RAW or SOCK_DGRAM */
	bool pfkey;			    /* PF_KEY, not netlink (shim/pfkey.h) */
	bool adopted;			    /* came from another process: no control channel */
	void *_Atomic front;		    /* what the front end adds (shim/front.h) */
	int send_result;		    /* of the datagram reported last: 0 or -errno */
	atomic_uint options;		    /* bit n: SOL_NETLINK option n is on */
	atomic_uint bundles;		    /* in the data channel, as far as the daemon has told */
	pthread_mutex_t receive_lock; /* taken before lock; receiving, and everything below it */
	uint8_t *_Atomic bundle;      /* memory for one; NULL: bundles are not used */
	size_t bundle_len, bundle_at; /* the one at the head of the channel; 0: none was read */
};

/* shim_socket_new - a free entry, one reference, not yet named by a descriptor. NULL: none is free.
 */
struct shim_socket *shim_socket_new(void);
void shim_socket_hold(struct shim_socket *s);
/* shim_socket_drop - give a reference back; the last one closes the descriptors. */
void shim_socket_drop(struct shim_socket *s);

/* All entries that may be in use: those whose index is below shim_pool_used(). */
unsigned int shim_pool_index(const struct shim_socket *s);
struct shim_socket *shim_pool_at(unsigned int index);
unsigned int shim_pool_used(void);

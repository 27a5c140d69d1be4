/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The SA between a sending and a receiving engine, changed by netlink requests. Control thread
 * only. */

#include <stdbool.h>
#include <stdint.h>

#include <uxfrm/engine.h>

struct model_place { /* where the SA is now */
	uint16_t family;
	uint8_t src, dst; /* last byte of the addresses */
	uint32_t reqid, mark;
	bool encap;
};

struct model_pair {
	struct uxfrm *engine[2]; /* sender, receiver */
	struct uxfrm_client *client[2];
	uint32_t life; /* the SPI is 0x1000 + life */
	uint32_t seq;
	struct model_place at;
	int last_error[2];
};

void model_pair_init(struct model_pair *p, struct uxfrm *tx, struct uxfrm *rx);
void model_pair_fini(struct model_pair *p);

/* Install policies and the SA of life @life on both engines. */
void model_install(struct model_pair *p, uint32_t life);
/* Move the SA, receiver first: addresses, family, encapsulation, reqid and mark by the bits of
 * @random; by MIGRATE_STATE or, what that cannot change left out, by MIGRATE. */
void model_move(struct model_pair *p, uint32_t random);
/* UPDSA on one of the engines: a limit changes. */
void model_update(struct model_pair *p, uint32_t random);
/* Delete the SA and install the next life, in either order; its key was in use before. */
void model_replace_life(struct model_pair *p, uint32_t random);
/* Which of the few keys the SA with this SPI has. */
uint32_t model_key_of_spi(uint32_t spi);

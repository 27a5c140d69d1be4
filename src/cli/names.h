/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The words of `ip xfrm` for protocols, modes, flags, algorithms and policies, both ways. */

#include <stddef.h>
#include <stdint.h>

#include "cli/args.h"

/* Number for a word, -1 if it is none. */
int name_to_xfrm_proto(const char *name);
int name_to_mode(const char *name);
int name_to_algo(const char *name);  /* enum uxfrm_has */
int name_to_proto(const char *name); /* upper-layer protocol: name or number */

/* read_... - for tables of words: a name into a uint8_t. */
void read_xfrm_proto(struct args *a, void *to, const char *why);
void read_mode(struct args *a, void *to, const char *why);
void read_dir(struct args *a, void *to, const char *why); /* of a policy */
void read_sa_dir(struct args *a, void *to, const char *why);
void read_ptype(struct args *a, void *to, const char *why);
void read_action(struct args *a, void *to, const char *why);
void read_level(struct args *a, void *to, const char *why);
void read_state_flags(struct args *a, void *to, const char *why);
void read_policy_flags(struct args *a, void *to, const char *why);
void read_extra_flags(struct args *a, void *to, const char *why); /* uint32_t */
uint16_t args_encap_type(struct args *a);

/* Words for a number; a number without a word is written into @buf. Never NULL. */
#define NAME_BUF 32
const char *xfrm_proto_name(uint8_t proto, char buf[NAME_BUF]);
const char *mode_name(uint8_t mode, char buf[NAME_BUF]);
const char *dir_name(uint8_t dir, char buf[NAME_BUF]);
const char *ptype_name(uint8_t ptype, char buf[NAME_BUF]);
const char *encap_name(uint16_t type, char buf[NAME_BUF]);
const char *proto_name(uint8_t proto, char buf[NAME_BUF]);
const char *share_name(uint8_t share, char buf[NAME_BUF]);
const char *level_name(uint8_t optional, char buf[NAME_BUF]);
/* device_name - of the interface numbered @index, "if7" when there is none; @buf of IF_NAMESIZE. */
const char *device_name(int index, char *buf);

extern const struct flag_name state_flag_names[], extra_flag_names[], policy_flag_names[];

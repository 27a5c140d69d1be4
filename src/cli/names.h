/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The words of `ip xfrm` for protocols, modes, flags, algorithms and policies, both ways. */

#include <stddef.h>
#include <stdint.h>

#include "cli/args.h"

/* Number for a word, -1 if it is none. */
int name_to_xfrm_proto(const char *name);
int name_to_mode(const char *name);
int name_to_algo_type(const char *name); /* attribute number */
int name_to_dir(const char *name);
int name_to_ptype(const char *name);
int name_to_encap(const char *name);
int name_to_proto(const char *name); /* upper-layer protocol: name or number */

/* Words for a number; a number without a word is written into @buf. Never NULL. */
#define NAME_BUF 32
const char *xfrm_proto_name(uint8_t proto, char buf[NAME_BUF]);
const char *mode_name(uint8_t mode, char buf[NAME_BUF]);
const char *algo_type_name(int attr, char buf[NAME_BUF]);
const char *dir_name(uint8_t dir, char buf[NAME_BUF]);
const char *ptype_name(uint8_t ptype, char buf[NAME_BUF]);
const char *encap_name(uint16_t type, char buf[NAME_BUF]);
const char *proto_name(uint8_t proto, char buf[NAME_BUF]);
const char *share_name(uint8_t share, char buf[NAME_BUF]);

extern const struct flag_name state_flag_names[], extra_flag_names[], policy_flag_names[];

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The values JSON objects are made of; names and types are those of docs/uxfrm.schema.json. */

#include <jansson.h>
#include <uxfrm/objects.h>

#include "cli/args.h"

void set_text(json_t *o, const char *name, const char *text);
void set_chars(json_t *o, const char *name, const char *text, size_t len);
void set_number(json_t *o, const char *name, uint64_t v); /* at most INT64_MAX */
void set_address(json_t *o, const char *name, int family, const union uxfrm_ip *a);
void set_spi(json_t *o, uint32_t spi);
/* set_sa_id - src, dst, proto, spi. */
void set_sa_id(json_t *o, const struct uxfrm_sa_id *id);

json_t *mark_object(uint32_t value, uint32_t mask);
json_t *selector_object(const struct uxfrm_selector *sel, int family);
json_t *limits_object(const struct uxfrm_limits *limits);
json_t *usage_object(const struct uxfrm_usage *usage);
json_t *flags_array(uint32_t flags, const struct flag_name *names);

/* set_attributes - all that @a has but marks; @family of the addresses in it. set_marks - the
 * marks, under the names given. */
void set_attributes(json_t *o, const struct uxfrm_attributes *a, int family);
void set_marks(json_t *o, const struct uxfrm_attributes *a, const char *mark, const char *output);

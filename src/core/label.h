/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Security labels: what a security module of the kernel, such as SELinux, says of the traffic an SA
 * or a policy is for. Only an engine that keeps them (uxfrm_params.labels) has any; each text once
 * (core/shared.h). A policy with a label uses the SAs of that label, one without those without.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/shared.h"

struct uxfrm;

struct ux_label {
	uint64_t id;  /* the same for labels of one text */
	uint32_t len; /* bytes of text as clients see it, zeros at its end included */
	char text[];  /* ends with a zero */
};

#define UX_LABEL_MAX 4095 /* bytes of a text, without the zero; Linux: less than a page */

/* ux_label_hold - the label with these @len bytes, at most UX_LABEL_MAX, and a zero; given back by
 * ux_shared_release. NULL: no memory. */
const struct ux_label *ux_label_hold(struct uxfrm *u, const void *text, size_t len);

/* Labels are told apart by their text. Any thread. */
static inline bool ux_label_same(const struct ux_label *a, const struct ux_label *b)
{
	return a == b || (a && b && a->id == b->id);
}

/* Who asks, and whether a label may be given to something or be taken away by him. */
struct ux_label_gate {
	int (*permit)(void *opaque, const char *label); /* 0 or -errno; NULL: yes */
	void *opaque;
};

/* ux_label_permit - 0 for what has no label. @gate may be NULL. */
static inline int ux_label_permit(const struct ux_label_gate *gate, const struct ux_label *label)
{
	return label && gate && gate->permit ? gate->permit(gate->opaque, label->text) : 0;
}

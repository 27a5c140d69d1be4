/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* struct uxfrm_attributes to the attributes of a message and back. */

#include <uxfrm/objects.h>

#include "wire/attrs.h"
#include "wire/writer.h"

#define UX_TEMPLATES_MAX 64 /* of a received policy; the protocol allows 6 */

/* ux_attributes_write - all that @a has. */
void ux_attributes_write(struct ux_writer *w, const struct uxfrm_attributes *a);

/*
 * ux_attributes_read - what the message has of them; pointers lead into the message. @templates:
 * room for UX_TEMPLATES_MAX. An attribute that is too short for what it claims is left out.
 */
void ux_attributes_read(const struct ux_attrs *attrs, struct uxfrm_attributes *ret_a,
			struct uxfrm_template *templates);

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy.h"

#include <stddef.h>
#include <string.h>

#include "core/instance.h"

/* Where the templates begin; with one of them the object fills five cache lines. */
_Static_assert(sizeof(struct ux_policy) + sizeof(struct ux_template) == 320, "policies are many");

static size_t size_with(unsigned int n_templates)
{
	return sizeof(struct ux_policy) + n_templates * sizeof(struct ux_template);
}

void ux_policy_slabs_init(struct ux_slab slabs[UX_TEMPLATES_MAX + 1])
{
	for (unsigned int n = 0; n <= UX_TEMPLATES_MAX; n++)
		ux_slab_init(&slabs[n], size_with(n));
}

void ux_policy_slabs_fini(struct ux_slab slabs[UX_TEMPLATES_MAX + 1])
{
	for (unsigned int n = 0; n <= UX_TEMPLATES_MAX; n++)
		ux_slab_fini(&slabs[n]);
}

struct ux_policy *ux_policy_new(struct uxfrm *u, unsigned int n_templates)
{
	struct ux_policy *p = ux_slab_get(&u->policy_slabs[n_templates]);

	if (!p)
		return NULL;
	memset(p, 0, size_with(n_templates));
	p->n_templates = (uint8_t)n_templates;
	p->instance = u;
	return p;
}

struct ux_policy *ux_policy_clone(const struct ux_policy *policy)
{
	const size_t from = offsetof(struct ux_policy, seq);
	const size_t to = offsetof(struct ux_policy, bytes);
	struct ux_policy *p = ux_policy_new(policy->instance, policy->n_templates);

	if (!p)
		return NULL;
	memcpy((char *)p + from, (const char *)policy + from, to - from);
	memcpy(p->templates, policy->templates, p->n_templates * sizeof(p->templates[0]));
	return p;
}

void ux_policy_free(struct ux_policy *policy)
{
	if (policy)
		ux_slab_put(&policy->instance->policy_slabs[policy->n_templates], policy);
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* The program by libbpf, from the skeleton that bpftool has made. */

#include "io/tc_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include <tc_capture.skel.h> /* made from bpf/capture.bpf.c */

static const uint32_t zero;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int ux_tc_program_tell(struct ux_tc_program *p)
{
	return bpf_map_update_elem(p->settings_map, &zero, &p->settings, BPF_ANY) < 0 ? -errno : 0;
}

int ux_tc_program_open(struct ux_tc_program *p, uint32_t own_mark)
{
	struct ux_tc_capture_bpf *k;
	int taken, err;

	libbpf_set_print(quiet);
	*p = (struct ux_tc_program){.settings = {.own_mark = own_mark}};
	k = ux_tc_capture_bpf__open_and_load();
	if (!k)
		return -errno;
	p->skeleton = k;
	p->program = bpf_program__fd(k->progs.capture);
	p->prefixes = bpf_map__fd(k->maps.prefixes);
	p->more = bpf_map__fd(k->maps.more);
	p->settings_map = bpf_map__fd(k->maps.settings);
	p->live = bpf_map__fd(k->maps.live);
	taken = bpf_program__fd(k->progs.capture_taken);
	err = bpf_map_update_elem(p->live, &zero, &taken, BPF_ANY) < 0 ? -errno : 0;
	err = err ? err : ux_tc_program_tell(p);
	if (err)
		ux_tc_program_close(p);
	return err;
}

void ux_tc_program_close(struct ux_tc_program *p)
{
	if (!p->skeleton)
		return;
	(void)bpf_map_delete_elem(p->live, &zero);
	ux_tc_capture_bpf__destroy(p->skeleton);
	p->skeleton = NULL;
}

static int put(void *opaque, const struct ux_tc_prefix *prefix, uint32_t number,
	       const struct ux_tc_chunk *chunk)
{
	const struct ux_tc_program *p = opaque;
	const struct ux_tc_place place = {UX_TC_PLACE_BITS, chunk->id, number};
	int err = number ? bpf_map_update_elem(p->more, &place, chunk, BPF_ANY)
			 : bpf_map_update_elem(p->prefixes, prefix, chunk, BPF_ANY);

	return err < 0 ? -errno : 0;
}

static int drop(void *opaque, const struct ux_tc_prefix *prefix, uint32_t id, uint32_t number)
{
	const struct ux_tc_program *p = opaque;
	const struct ux_tc_place place = {UX_TC_PLACE_BITS, id, number};
	int err = number ? bpf_map_delete_elem(p->more, &place)
			 : bpf_map_delete_elem(p->prefixes, prefix);

	return err < 0 && errno != ENOENT ? -errno : 0;
}

const struct ux_tc_set_ops ux_tc_program_ops = {.put = put, .drop = drop};

/* SPDX-License-Identifier: BSD-2-Clause */
/* oracle-ask-engine REQUESTS ANSWERS: what oracle-ask-kernel does, but said to the engine. */

#include "engine_side.h"

int main(int argc, char **argv)
{
	struct engine_side side;
	struct records requests;
	struct record r;
	const uint8_t *data;
	FILE *answers;

	if (argc != 3) {
		fprintf(stderr, "usage: oracle-ask-engine REQUESTS ANSWERS\n");
		return 2;
	}
	answers = fopen(argv[2], "we");
	if (!answers) {
		perror(argv[2]);
		return 2;
	}
	records_load(&requests, argv[1]);
	engine_side_init(&side, answers);
	while (records_next(&requests, &r, &data))
		engine_side_obey(&side, &r, data);
	engine_side_fini(&side);
	records_free(&requests);
	return fclose(answers) ? 2 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standalone.c - runs a fuzz target without libFuzzer. With arguments: over
 * the contents of those files. Without: over the target's seeds and a bounded
 * number of pseudo-random changes of them, the same ones on every run, so
 * that a failure can be repeated. FUZZ_RUNS and FUZZ_SEED change number and
 * sequence. What fails is left to the sanitizers and to the target's own
 * checks.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (128 * 1024)
#define RUNS 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target may define it: texts to start from, a NULL at the end. */
extern const char *const fuzz_seeds[] __attribute__((weak));

static uint64_t state;

static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? strtoull(s, NULL, 10) : otherwise;
}

/* An exact copy, so that a read past its end is seen. */
static void
try_input(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size != 0 ? size : 1);

	if (copy == NULL)
		err(1, "cannot allocate %zu bytes", size);
	if (size != 0)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t
insert(uint8_t *buf, size_t size, size_t at, const void *p, size_t n)
{
	if (n > INPUT_MAX - size)
		return size;
	memmove(buf + at + n, buf + at, size - at);
	memcpy(buf + at, p, n);
	return size + n;
}

static const char *
seed(void)
{
	size_t n = 0;

	if (fuzz_seeds == NULL)
		return "";
	while (fuzz_seeds[n] != NULL)
		n++;
	return n != 0 ? fuzz_seeds[draw((uint32_t)n)] : "";
}

static size_t
change(uint8_t *buf, size_t size)
{
	static const char odd[] = "\0\xff\x80\x7f\r\n\t /:@%\"\\{}[]().,-+=";
	size_t at = size != 0 ? draw((uint32_t)size) : 0, n;
	uint8_t byte = (uint8_t)draw(256);
	const char *s;

	switch (draw(size != 0 ? 8 : 2)) {
	case 0:
		return insert(buf, size, at, &byte, 1);
	case 1:		/* a part of another seed */
		s = seed();
		n = strlen(s);
		return insert(buf, size, at, s, n != 0 ?
		    draw((uint32_t)n + 1) : 0);
	case 2:
		buf[at] ^= (uint8_t)(1 << draw(8));
		return size;
	case 3:
		buf[at] = byte;
		return size;
	case 4:
		buf[at] = (uint8_t)odd[draw(sizeof(odd) - 1)];
		return size;
	case 5:
		return at;
	case 6:		/* a part is cut out */
		n = 1 + draw((uint32_t)(size - at));
		memmove(buf + at, buf + at + n, size - at - n);
		return size - n;
	default:	/* a part is repeated */
		n = 1 + draw((uint32_t)(size - at));
		if (n > INPUT_MAX - size)
			return size;
		memmove(buf + at + n, buf + at, size - at);
		return size + n;
	}
}

static void
run_file(const char *path)
{
	static uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		err(1, "cannot open %s", path);
	n = fread(buf, 1, sizeof(buf), f);
	if (ferror(f))
		err(1, "cannot read %s", path);
	fclose(f);
	try_input(buf, n);
}

int
main(int argc, char **argv)
{
	static uint8_t buf[INPUT_MAX];
	uint64_t runs = number_of("FUZZ_RUNS", RUNS);
	size_t size;

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1)
		return 0;
	state = number_of("FUZZ_SEED", 88172645463325252u) | 1;
	try_input(buf, 0);
	for (size_t i = 0; fuzz_seeds != NULL && fuzz_seeds[i] != NULL; i++)
		try_input((const uint8_t *)fuzz_seeds[i],
		    strlen(fuzz_seeds[i]));
	for (uint64_t i = 0; i < runs; i++) {
		const char *s = seed();

		size = insert(buf, 0, 0, s, strlen(s));
		for (uint32_t n = 1 + draw(3); n != 0; n--)
			size = change(buf, size);
		try_input(buf, size);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_digest.c - known digests, and what is not one. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/digest.h"

#define EMPTY_256 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca" \
	"495991b7852b855"
#define ABC_256 "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb41" \
	"0ff61f20015ad"
#define ABC_384 "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8" \
	"b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
#define ABC_512 "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9" \
	"eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac9" \
	"4fa54ca49f"

Test(digest, known_answers)
{
	char out[DIGEST_MAX + 1];

	digest_of("", 0, out);
	cr_expect_str_eq(out, EMPTY_256);
	digest_of("abc", 3, out);
	cr_expect_str_eq(out, ABC_256);
	cr_expect(digest_verify("abc", 3, ABC_256, NULL) == 0);
	cr_expect(digest_verify("abc", 3, ABC_384, NULL) == 0);
	cr_expect(digest_verify("abc", 3, ABC_512, NULL) == 0);
}

Test(digest, in_parts_as_in_one)
{
	struct digest *d = digest_new(ABC_512);
	char out[DIGEST_MAX + 1];

	cr_assert(d != NULL);
	digest_add(d, "a", 1);
	digest_add(d, "", 0);
	digest_add(d, "bc", 2);
	digest_final(d, out);
	digest_free(d);
	cr_expect_str_eq(out, ABC_512);
	digest_free(NULL);
}

Test(digest, a_mismatch_names_both)
{
	struct error err = { 0 };

	cr_expect(digest_verify("abd", 3, ABC_256, &err) == -1);
	cr_expect(err.kind == ERROR_DIGEST);
	cr_expect(strstr(err.text, ABC_256) != NULL);
	cr_expect(strstr(err.text, "a52d159f262b2c6ddb724a61840befc3") !=
	    NULL);
}

static const char *const invalid[] = {
	"", ":", "sha256", "sha256:", "abc", "md5:900150983cd24fb0",
	"sha256:E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b855",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b85",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b8555",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b85g",
	"SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b855",
	"sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b855",
	"sha2560:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785"
	"2b855",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b855 ",
	"sha256::3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	"b855",
	"sha256:../../../../../../../../../../../../../../../../../../../../.."
	"/..",
};

Test(digest, validity_is_exact)
{
	struct error err;

	cr_expect(digest_valid(EMPTY_256));
	cr_expect(digest_valid(ABC_384) && digest_valid(ABC_512));
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		cr_expect(!digest_valid(invalid[i]), "%s", invalid[i]);
		error_clear(&err);
		cr_expect(digest_verify("", 0, invalid[i], &err) == -1);
		cr_expect(err.kind == ERROR_DIGEST);
	}
}

Test(digest, algorithms_by_name)
{
	cr_expect_str_eq(digest_algorithm(ABC_384), "sha384");
	cr_expect_str_eq(digest_algorithm("sha512"), "sha512");
	cr_expect(digest_algorithm("sha1:00") == NULL);
	cr_expect(digest_algorithm("") == NULL);
	cr_expect(digest_new("sha1") == NULL);
	cr_expect(digest_new("sha25") == NULL);
}

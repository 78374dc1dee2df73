/* SPDX-License-Identifier: Apache-2.0 */
/* semver_list.c - versions in ranges, and in order; see semver_list.h. */
#include "worker/library/semver_list.h"

#include <limits.h>
#include <stdlib.h>

#include "worker/library/library.h"
#include "worker/library/range.h"
#include "worker/lua/vm.h"

/* The range at index arg. */
static void
check_range(lua_State *L, int arg, struct range *r)
{
	struct error err;
	size_t n;
	const char *s;

	(void)vm_check_text(L, arg, vm_function_name(L));
	s = lua_tolstring(L, arg, &n);
	if (range_parse(s, n, r, &err) == -1)
		vm_arg_error(L, arg, vm_function_name(L), err.text);
}

/* {prerelease = true} */
static bool
check_prerelease(lua_State *L, int arg)
{
	bool pre;

	if (lua_isnoneornil(L, arg))
		return false;
	vm_check_table(L, arg, vm_function_name(L));
	lua_pushliteral(L, "prerelease");
	lua_rawget(L, arg);
	pre = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return pre;
}

/* satisfies(version, range [, options]): false too for what is no version. */
int
semver_list_satisfies(lua_State *L)
{
	struct range r;
	struct version v;
	bool pre = check_prerelease(L, 3);

	check_range(L, 2, &r);
	lua_pushboolean(L, library_version(L, 1, &v) &&
	    range_has(&r, &v, pre));
	return 1;
}

struct sorted {
	struct version v;
	lua_Integer i;
};

static int
sorted_order(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int c = version_compare(&x->v, &y->v);

	return c != 0 ? c : x->i < y->i ? -1 : x->i > y->i;
}

/* Pushes an array of the versions in the list at 1, and a table of what is no
 * version or not in the range; returns the array. The versions point into the
 * list's values. */
static struct sorted *
sorted_push(lua_State *L, const struct range *r, bool pre, size_t *n)
{
	lua_Integer count = (lua_Integer)lua_rawlen(L, 1), others = 0;
	struct sorted *s = lua_newuserdata(L, ((size_t)count + 1) *
	    sizeof(*s));

	*n = 0;
	lua_newtable(L);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, 1, i);
		s[*n].i = i;
		if (library_version(L, -1, &s[*n].v) && (r == NULL ||
		    range_has(r, &s[*n].v, pre))) {
			++*n;
			lua_pop(L, 1);
		} else
			lua_rawseti(L, -2, ++others);
	}
	qsort(s, *n, sizeof(*s), sorted_order);
	return s;
}

/* sort(list [, range [, options]]): what is in the range, oldest first, and
 * the rest of the list. */
int
semver_list_sort(lua_State *L)
{
	struct range r;
	struct sorted *s;
	bool all, pre;
	size_t n;

	vm_check_table(L, 1, vm_function_name(L));
	all = lua_isnoneornil(L, 2);
	pre = check_prerelease(L, 3);
	if (!all)
		check_range(L, 2, &r);
	s = sorted_push(L, all ? NULL : &r, pre, &n);
	lua_createtable(L, n > INT_MAX ? 0 : (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, 1, s[i].i);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_insert(L, -2);
	return 2;
}

/* newest(list [, range [, options]]): the last that sort gives; without
 * options no pre-release. */
int
semver_list_newest(lua_State *L)
{
	struct range r;
	struct error err;
	struct sorted *s;
	bool pre;
	size_t n;

	vm_check_table(L, 1, vm_function_name(L));
	pre = check_prerelease(L, 3);
	if (lua_isnoneornil(L, 2))
		(void)range_parse("*", 1, &r, &err);
	else
		check_range(L, 2, &r);
	s = sorted_push(L, &r, pre, &n);
	if (n == 0)
		lua_pushnil(L);
	else
		lua_rawgeti(L, 1, s[n - 1].i);
	return 1;
}

# SPDX-License-Identifier: GPL-2.0-or-later
# What configure checks and says: required libraries, switches, the closing summary.

# PP_REQUIRE_PKG(PREFIX, MODULE, DEBIAN-PACKAGE)
# A required library. An absent one is noted, and PP_REQUIRED_DONE names all of them at once,
# so that nobody has to run configure eight times to learn of eight packages.
AC_DEFUN([PP_REQUIRE_PKG],
[PKG_CHECK_MODULES([$1], [$2], [], [AS_VAR_APPEND([pp_missing], [" $3"])])])

# PP_REQUIRED_DONE - stop with one message if a required library is absent.
AC_DEFUN([PP_REQUIRED_DONE],
[AS_IF([test -n "$pp_missing"],
       [AC_MSG_ERROR([needed to build and not found, by their Debian names:$pp_missing
  (on Debian 12: apt-get install$pp_missing)])])])

# PP_SUMMARY_PART(NAME, CONDITION-VARIABLE, REASON-IF-NOT) - one line of the summary.
AC_DEFUN([PP_SUMMARY_PART],
[AS_IF([test "x$[$2]" = xyes],
       [AS_VAR_APPEND([pp_built], ["
    $1"])],
       [AS_VAR_APPEND([pp_not_built], ["
    $1: $3"])])])

# PP_SANITIZER(NAME, FLAGS) - the option --enable-NAME. The flags go to AM_CFLAGS and
# AM_LDFLAGS, so CFLAGS stays the user's own.
AC_DEFUN([PP_SANITIZER],
[AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [build with $2])],
               [], [AS_VAR_SET([enable_$1], [no])])
AS_IF([test "x$enable_$1" = xyes],
      [AS_VAR_APPEND([PP_SAN_CFLAGS], [" $2 -fno-omit-frame-pointer -fno-sanitize-recover=all"])
       AS_VAR_APPEND([PP_SAN_LDFLAGS], [" $2"])
       AS_VAR_APPEND([pp_sanitizers], [" $1"])])])

# PP_CC_NO_WARNING(NAME) - add -Wno-NAME to PP_NO_WARNINGS if the compiler knows the warning.
# Asked by its positive form: gcc takes every -Wno-anything in silence.
AC_DEFUN([PP_CC_NO_WARNING],
[AC_MSG_CHECKING([whether $CC knows -W$1])
pp_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror -W$1"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
                  [AC_MSG_RESULT([yes])
                   AS_VAR_APPEND([PP_NO_WARNINGS], [" -Wno-$1"])],
                  [AC_MSG_RESULT([no])])
CFLAGS=$pp_save_CFLAGS
AC_SUBST([PP_NO_WARNINGS])])

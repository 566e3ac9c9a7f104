PP_UNIT_TESTS = \
	tests/unit/test_a
PP_CLI_TESTS = tests/cli/a.bats

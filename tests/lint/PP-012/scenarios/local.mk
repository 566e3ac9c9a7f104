PP_SCENARIOS = \
	scenarios/listed

PP_REPORTS = \
	scenarios/bugs/listed.report

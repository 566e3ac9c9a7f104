libpinproof_a_SOURCES += src/sys/listed.c src/sys/gone.c

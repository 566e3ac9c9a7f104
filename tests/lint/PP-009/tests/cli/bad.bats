#!/usr/bin/env bats
@test "x" {
	sleep 2
}

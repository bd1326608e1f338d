# Python's own tests: each test's result. What else is printed tells of time and host.
python3 -W ignore -m test -v test_float >log 2>&1
status=$?
grep -E ' \.\.\. (ok|skipped|FAIL|ERROR|expected)|^(FAIL|ERROR): |^(OK|FAILED)' log | sed 's/ in [0-9.]*s$//'
[ $status = 0 ] || cat log
exit $status

/**
 * The oracle: the host's own processor executes one instruction with given registers, flags and
 * memory, and the software processor must end in the same state.
 *
 * <p>{@link org.wardian.conformance.oracle.CaseGenerator} makes random cases of every form of the
 * instruction table for 64-, 32- and 16-bit code, {@link org.wardian.conformance.oracle.HostEngine}
 * runs them natively on an x86-64 Linux host, exceptions included, {@link
 * org.wardian.conformance.oracle.SoftwareEngine} on ours. {@link
 * org.wardian.conformance.oracle.ComparisonRules} says what counts as equal, {@link
 * org.wardian.conformance.oracle.Coverage} which forms cannot be run and who tests them instead.
 *
 * <p>The quick suite is part of {@code ./mvnw verify}. The long run, of more than ten million
 * cases, is
 *
 * <pre>{@code
 * ./mvnw -pl conformance -am test -Dtest=OracleTest -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dwardian.oracle.cases=12000 -Dwardian.oracle.seed=7
 * }</pre>
 *
 * <p>or, with coverage and all differences instead of each form's first, {@link
 * org.wardian.conformance.oracle.OracleRun} on the class path of the compiled modules: {@code java
 * --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -cp ...
 * org.wardian.conformance.oracle.OracleRun --cases 10000000 --coverage}.
 *
 * <p>The host's answers are kept in {@code oracle.vectors.gz} and replayed by the tests on any
 * host; {@link org.wardian.conformance.oracle.VectorRecorder} makes them.
 */
package org.wardian.conformance.oracle;

/** JMH benchmarks. Compiled by the build, run by hand. */
package org.wardian.bench;

/**
 * Tests that need several modules: the oracle, system guests, the layers, the limits of the JVM,
 * whole runs.
 */
package org.wardian.conformance;

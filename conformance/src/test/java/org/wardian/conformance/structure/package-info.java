/**
 * What the compiled product must look like: its layers, its native calls, the size of its methods.
 */
package org.wardian.conformance.structure;

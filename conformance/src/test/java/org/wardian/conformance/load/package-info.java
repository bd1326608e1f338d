/** The daemon under load, and killed at random moments. */
package org.wardian.conformance.load;

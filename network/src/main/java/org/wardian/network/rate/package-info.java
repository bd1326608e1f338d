/** Limits of what passes a port. */
package org.wardian.network.rate;

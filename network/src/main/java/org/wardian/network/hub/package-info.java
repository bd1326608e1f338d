/** Switches between guests: of one process, and of several on one host. */
package org.wardian.network.hub;

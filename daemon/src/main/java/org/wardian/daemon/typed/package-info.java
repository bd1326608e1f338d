/** Typed parameters: read and written as libvirt's API has them. */
package org.wardian.daemon.typed;

/** Paravirtual devices. */
package org.wardian.virtio;

/** Paravirtual devices: what every kind has in common. */
package org.wardian.virtio;

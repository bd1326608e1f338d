/** Keyboards and tablets (virtio 1.2 §5.8). */
package org.wardian.virtio.input;

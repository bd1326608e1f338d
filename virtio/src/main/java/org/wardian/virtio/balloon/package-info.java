/** The balloon (virtio 1.2 §5.5). */
package org.wardian.virtio.balloon;

/**
 * Kernel images and the protocols by which they are entered: bzImage, ELF with PVH, multiboot 1.
 * {@link org.wardian.boot.LowMemory} says where everything lies that a kernel is handed.
 */
package org.wardian.boot;

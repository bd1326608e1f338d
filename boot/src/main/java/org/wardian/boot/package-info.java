/** Kernel loaders, firmware tables, the initramfs writer and the guest catalogue. */
package org.wardian.boot;

/** The chips of the board, one file each. */
package org.wardian.chipset;

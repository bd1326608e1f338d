/** A machine that is kept: what a saved state is made of, how it is written and read. */
package org.wardian.machine.state;

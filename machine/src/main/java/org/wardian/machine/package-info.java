/** Boards and the run loop: the only module that knows all of the modules below it. */
package org.wardian.machine;

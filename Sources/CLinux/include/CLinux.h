// What Swift cannot call or spell: raw system calls without a wrapper, variadic calls, kernel structures.
#pragma once

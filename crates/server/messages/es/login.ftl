# Las páginas de inicio de sesión en español.

## Shared

continue = Continuar
accept = Aceptar
decline = Rechazar
confirm = Confirmar
cancel = Cancelar
logo-alt = { $tenant }
label-email = Correo electrónico
label-username = Nombre de usuario
label-identifier = Nombre de usuario o correo electrónico
label-password = Contraseña
label-new-password = Nueva contraseña
label-repeat-password = Repita la nueva contraseña
label-code = Código
show-password = Mostrar la contraseña
hide-password = Ocultar la contraseña
edit = Cambiar
edit-identifier = Usar otra cuenta
forgot-password = ¿Olvidó su contraseña?
signup-question = ¿No tiene una cuenta?
signup-link = Regístrese
login-question = ¿Ya tiene una cuenta?
login-link = Inicie sesión
back-to-login = Volver al inicio de sesión
back-to-application = Volver a { $application }
help = Ayuda
problem = Problema:
signed-in-as = Sesión iniciada como { $user }

## Login

divider = o
continue-with = Continuar con { $provider }
continue-with-passkey = Continuar con una clave de acceso
login-page-title = Iniciar sesión | { $application }
login-title = Le damos la bienvenida
login-description = Inicie sesión en { $tenant } para continuar a { $application }.
password-page-title = Introduzca su contraseña | { $application }
password-title = Introduzca su contraseña
password-description = Introduzca su contraseña de { $tenant } para continuar a { $application }.

## Signup

signup-page-title = Registro | { $application }
signup-title = Cree su cuenta
signup-description = Regístrese en { $tenant } para continuar a { $application }.

## Passwords

rules-title = Su contraseña debe contener:
rule-length = al menos { $count } caracteres
rule-lower = una letra minúscula (a–z)
rule-upper = una letra mayúscula (A–Z)
rule-digit = un número (0–9)
rule-special = un carácter especial (por ejemplo, !@#$%^&*)
rule-three-of-four = al menos { $count } de los siguientes elementos:
rule-repeats = no más de { $count } caracteres idénticos seguidos
rule-personal = ninguna parte de su nombre, nombre de usuario o correo electrónico
rule-common = nada que esté entre las contraseñas más comunes
rule-history = ninguna contraseña que haya usado antes
rule-met = Cumplido:
rule-missed = No cumplido:

## Password reset

reset-page-title = Restablecer la contraseña | { $application }
reset-request-title = ¿Olvidó su contraseña?
reset-request-description = Introduzca su correo electrónico y le enviaremos instrucciones para restablecer su contraseña.
reset-sent-title = Revise su correo
reset-sent-description = Si existe una cuenta para { $email }, hemos enviado a esa dirección instrucciones para restablecer la contraseña.
reset-sent-hint = El mensaje puede tardar unos minutos. Revise también la carpeta de correo no deseado.
resend-question = ¿No recibió ningún correo?
resend-link = Enviar de nuevo
reset-title = Cambie su contraseña
reset-description = Introduzca una nueva contraseña.
reset-button = Restablecer la contraseña
reset-done-title = Contraseña cambiada
reset-done-description = Su contraseña se ha cambiado. A partir de ahora puede iniciar sesión con ella.
reset-expired-title = Este enlace ha caducado
reset-expired-description = Los enlaces para restablecer una contraseña solo son válidos durante un tiempo limitado. Solicite uno nuevo para continuar.
reset-used-title = Este enlace ya se ha utilizado
reset-used-description = Cada enlace para restablecer una contraseña funciona una sola vez. Solicite uno nuevo para continuar.
reset-invalid-title = Este enlace no es válido
reset-invalid-description = Compruebe que abrió el enlace completo del correo o solicite uno nuevo.
reset-again = Solicitar un enlace nuevo

## Email verification

verification-page-title = Verificación del correo | { $application }
verified-title = Correo verificado
verified-description = Su correo electrónico se ha verificado.
verified-already-description = Su correo electrónico ya estaba verificado.
verification-failed-title = Correo no verificado
verification-invalid-description = Este enlace no es válido o ha caducado. Solicite un nuevo correo en la aplicación.
verification-error-description = No se pudo verificar su correo electrónico en este momento. Vuelva a abrir el enlace más tarde.

## Consent

consent-page-title = Autorizar { $application }
consent-title = Autorizar { $application }
consent-greeting = Hola, { $user }:
consent-message = { $application } solicita acceso a su cuenta de { $tenant }.
consent-scopes = Esto permitirá a { $application }:
consent-returns = Después de su decisión, volverá a { $host }.
scope-openid = saber quién es usted
scope-profile = ver su perfil, por ejemplo su nombre y su foto
scope-email = ver su correo electrónico
scope-address = ver su dirección postal
scope-phone = ver su número de teléfono
scope-offline = mantener este acceso mientras usted no la esté usando

## Device activation

device-page-title = Activación de dispositivo
device-title = Conecte un dispositivo
device-description = Introduzca el código que muestra su dispositivo.
device-confirm-page-title = Conectar { $application }
device-confirm-title = ¿Es este el código de su dispositivo?
device-confirm-description = Confirme que { $application } muestra exactamente este código en su dispositivo:
device-confirm-warning = Si no inició usted esta acción o no reconoce el dispositivo, seleccione «Cancelar».
device-done-title = Todo listo
device-done-description = Su dispositivo está conectado. Puede cerrar esta página.
device-refused-title = Dispositivo no conectado
device-refused-description = El dispositivo no recibió acceso. Puede cerrar esta página.

## Logout

logout-page-title = Cerrar sesión | { $application }
logout-title = Cerrar sesión
logout-greeting = Hola, { $user }:
logout-description = ¿Desea cerrar la sesión de { $application }?
logout-yes = Cerrar sesión
logout-no = Mantener la sesión
logged-out-page-title = Sesión cerrada | { $application }
logged-out-title = Su sesión se ha cerrado
logged-out-description = Puede cerrar esta página.
logout-kept-page-title = Sesión abierta | { $application }
logout-kept-title = Su sesión sigue abierta

## Unblocking an account

unblock-page-title = Cuenta desbloqueada | { $application }
unblocked-title = Cuenta desbloqueada
unblocked-description = Su cuenta se ha desbloqueado. Ya puede volver a iniciar sesión.
unblock-failed-page-title = Cuenta no desbloqueada | { $application }
unblock-failed-title = Cuenta no desbloqueada
unblock-expired-description = Este enlace ha caducado. Intente iniciar sesión: le enviaremos uno nuevo si su cuenta sigue bloqueada.
unblock-used-description = Este enlace ya se ha utilizado. Puede intentar iniciar sesión.
unblock-error-description = Se produjo un error. Vuelva a abrir el enlace más tarde.

## Errors

error-page-title = Se produjo un error | { $application }
error-generic-title = Se produjo un error
error-generic-description = No pudimos completar este paso. Vuelva a la aplicación e inténtelo de nuevo.
error-expired-title = Esta página ya no es válida
error-expired-description = El inicio de sesión tardó demasiado o continuó en otro lugar. Vuelva a la aplicación e inicie sesión de nuevo.
error-request-title = La aplicación envió una solicitud no válida
error-request-description = Usted no puede resolverlo. Comunique a los responsables de la aplicación lo que se indica abajo.
error-denied-title = Acceso denegado
error-denied-description = No tiene acceso a { $application }. Si cree que debería tenerlo, póngase en contacto con sus responsables.
error-missing-title = Página no encontrada
error-missing-description = No hay nada en esta dirección. Compruebe el enlace.
error-busy-title = Demasiadas personas están iniciando sesión
error-busy-description = Espere un momento e inténtelo de nuevo.
error-details = Detalles
error-code = Error
error-tracking = Referencia

## Problems with what was entered

problem-wrong-credentials = El nombre de usuario o la contraseña no son correctos.
problem-wrong-email-credentials = El correo electrónico o la contraseña no son correctos.
problem-no-email = Introduzca un correo electrónico.
problem-no-username = Introduzca un nombre de usuario.
problem-no-identifier = Introduzca su nombre de usuario o su correo electrónico.
problem-no-password = Introduzca una contraseña.
problem-no-repeat = Repita la nueva contraseña.
problem-no-code = Introduzca el código.
problem-invalid-email = No es un correo electrónico válido. Debe ser como nombre@example.com.
problem-invalid-username = Un nombre de usuario tiene entre { $min } y { $max } caracteres: letras, números y cualquiera de { $characters }
problem-invalid-code = Este código no es válido o ha caducado. Compruébelo o empiece de nuevo en su dispositivo.
problem-user-blocked = Esta cuenta está bloqueada tras demasiados intentos fallidos. Si es suya, busque un correo que explica cómo desbloquearla o restablezca su contraseña.
problem-account-closed = Un administrador ha bloqueado esta cuenta. Póngase en contacto con el soporte de la aplicación.
problem-ip-blocked = Hubo demasiados intentos desde su red. Inténtelo más tarde o póngase en contacto con el administrador.
problem-too-many = Hubo demasiados intentos. Espere un rato e inténtelo de nuevo.
problem-too-many-signups = Se crearon demasiadas cuentas desde su red. Inténtelo más tarde.
problem-signup-refused = No pudimos crear una cuenta con estos datos. Si ya tiene una cuenta, inicie sesión o restablezca su contraseña.
problem-signup-disabled = Aquí no se pueden crear cuentas nuevas.
problem-password-weak = Esta contraseña es demasiado débil. Siga las reglas que aparecen abajo.
problem-password-common = Esta contraseña es demasiado común y fácil de adivinar. Elija otra.
problem-password-used = Ya ha usado esta contraseña. Elija otra.
problem-password-personal = Su contraseña contiene parte de sus datos personales. Elija otra.
problem-password-long = Esta contraseña es demasiado larga. Use { $max } caracteres como máximo.
problem-password-mismatch = Las dos contraseñas no coinciden.
problem-stale = Esta página estuvo abierta demasiado tiempo. Introduzca sus datos de nuevo.
problem-passkey = La clave de acceso no se aceptó. Quizá se eliminó o pertenece a otra cuenta. Inténtelo de nuevo o inicie sesión con su contraseña.
problem-busy = Demasiadas personas están iniciando sesión en este momento. Espere un momento e inténtelo de nuevo.
problem-failure = Se produjo un error. Inténtelo más tarde.

## Pages between two sites

relay-page-title = Cargando…
relay-description = Si no ocurre nada, pulse el botón para continuar.
